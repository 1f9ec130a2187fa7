"""LoRA adapters for `llama-linear` as PEFT writes them elsewhere: scales, patterns and layouts of all kinds."""
import json
import shutil
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

from .common import load_llama, write_json

ADAPTERS = {
    # The scale is alpha / sqrt(r).
    "rslora": dict(r=4, lora_alpha=6, use_rslora=True, target_modules="all-linear"),
    # Ranks and alphas by regular expressions and by the ends of paths, rsLoRA too; one module is left out.
    "patterns": dict(
        r=2, lora_alpha=4, use_rslora=True, target_modules=r".*\.layers\.\d+\.(self_attn|mlp)\.(q|v|o|up|down)_proj",
        exclude_modules=r".*layers\.1\.self_attn\.o_proj",
        rank_pattern={r"^model\.layers\.0\.self_attn\.[qv]_proj": 3, "down_proj": 1},
        alpha_pattern={r"layers\.(1|7)\.mlp\.(?!gate).*": 9, "layers.0.self_attn.q_proj": 1.5, "q_proj": 32}),
    # Some layers alone; weights as PyTorch pickles them.
    "layers": dict(r=2, lora_alpha=3, target_modules=["k_proj", "gate_proj"], layers_to_transform=[1]),
    # Tensors under the names that they have within a model that was saved whole.
    "named": dict(r=2, lora_alpha=8, target_modules=["q_proj", "v_proj"]),
}


def make(fixture):
    base = fixture.root / "llama-linear"
    ids = fixture.ids(8, 96)
    fixture.values["ids"] = ids
    for name, settings in ADAPTERS.items():
        adapted = get_peft_model(load_llama(base), LoraConfig(task_type="CAUSAL_LM", **settings))
        for parameter_name, parameter in adapted.named_parameters():
            if "lora_" in parameter_name:
                scale = 0.3 if "lora_A" in parameter_name else 0.15
                parameter.data.copy_((scale * torch.randn_like(parameter)).half().float())
        target = fixture.folder / name
        target.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            adapted.save_pretrained(folder, safe_serialization=True)
            config = json.loads((Path(folder) / "adapter_config.json").read_text())
            config["base_model_name_or_path"] = "llama-linear"
            if isinstance(config["target_modules"], list):
                config["target_modules"] = sorted(config["target_modules"])
            if name == "rslora":
                config["target_modules"] = "all-linear"  # as trainers that keep their own settings write it
            write_json(target / "adapter_config.json", config)
            state = load_file(Path(folder) / "adapter_model.safetensors")
        # Read back by PEFT before the layout is changed.
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(target / "adapter_config.json", folder)
            save_file(state, Path(folder) / "adapter_model.safetensors", metadata={"format": "pt"})
            read = PeftModel.from_pretrained(load_llama(base), folder).eval()
        with torch.no_grad():
            fixture.tensors[name] = read(torch.tensor([ids])).logits[0]
        state = {key: value.half() for key, value in state.items()}
        if name == "named":
            state = {key.replace(".weight", ".default.weight"): value for key, value in state.items()}
        if name == "layers":
            torch.save(state, target / "adapter_model.bin")
        else:
            save_file(state, target / "adapter_model.safetensors", metadata={"format": "pt"})
    fixture.finish()
