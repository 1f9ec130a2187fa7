"""What every fixture needs: seeded random numbers, files for what is expected, a model read from its folder."""
import json
import math

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import LlamaForCausalLM


class Fixtures:
    """One fixture being made: its folder, its random numbers, and the values expected from it.

    `values` become expected/NAME.json, `tensors` expected/NAME.safetensors (float32).
    """

    def __init__(self, root, name, seed):
        self.root, self.name = root, name
        self.folder = root / name
        self.folder.mkdir(parents=True, exist_ok=True)
        (root / "expected").mkdir(exist_ok=True)
        torch.manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.values, self.tensors = {}, {}

    def ids(self, count, vocabulary, first=4):
        """Random token ids, none of them special."""
        return self.rng.integers(first, vocabulary, count).tolist()

    def finish(self):
        expected = self.root / "expected"
        write_json(expected / (self.name + ".json"), self.values)
        tensors = {key: value.detach().float().contiguous().clone() for key, value in self.tensors.items()}
        assert all(torch.isfinite(value).all() for value in tensors.values())
        save_file(tensors, expected / (self.name + ".safetensors"))
        print("{}: {} tensors, {} values".format(self.name, len(tensors), len(self.values)))


def write_json(path, value):
    """Readable JSON, lists of numbers on one line."""
    def text(value, indent):
        inner = "  " * (indent + 1)
        if isinstance(value, dict) and value:
            lines = ["{}{}: {}".format(inner, json.dumps(key), text(item, indent + 1)) for key, item in value.items()]
            return "{\n" + ",\n".join(lines) + "\n" + "  " * indent + "}"
        if isinstance(value, list) and any(isinstance(item, (dict, list)) for item in value):
            return "[\n" + ",\n".join(inner + text(item, indent + 1) for item in value) + "\n" + "  " * indent + "]"
        return json.dumps(value, ensure_ascii=False)
    path.write_text(text(value, 0) + "\n", encoding="utf-8")


def random_weights(module, dtype):
    """Random weights, large enough that every part shows in the output, rounded to what the file will hold."""
    tied = getattr(module.config, "tie_word_embeddings", False)  # then a token would mostly predict itself
    for name, parameter in module.named_parameters():
        if "norm" in name.lower() and name.endswith("weight"):
            values = 1 + 0.2 * torch.randn_like(parameter)
        elif parameter.dim() == 1:
            values = 0.1 * torch.randn_like(parameter)
        elif "embed" in name or "lm_head" in name:
            values = (0.2 if tied else 0.5) * torch.randn_like(parameter)
        else:
            values = 1.4 / math.sqrt(parameter.shape[-1]) * torch.randn_like(parameter)
        parameter.data.copy_(values.to(dtype).float())


def load_llama(folder):
    """The model of a folder in float32, with plain attention (no fused kernel)."""
    return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


@torch.no_grad()
def greedy(model, embeddings, count):
    """Greedy ids after a prompt of embeddings [T, D], by cached steps, past any EOS.

    None where they would make a poor reference: a near tie, which no test could hold, or hardly any change.
    """
    output, cache, ids = None, None, []
    step = embeddings[None]
    for _ in range(count):
        output = model(inputs_embeds=step, past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        best, second = output.logits[0, -1].topk(2).values.tolist()
        if best - second < 5e-3:
            return None
        ids.append(int(output.logits[0, -1].argmax()))
        step = model.get_input_embeddings()(torch.tensor([[ids[-1]]]))
    return ids if len(set(ids)) >= count // 2 else None


def until_suitable(attempt):
    """The result of the first attempt of a hundred that has no None in it."""
    for _ in range(100):
        result = attempt()
        if None not in result:
            return result
    raise SystemExit("no prompt gives clear greedy ids: take another seed")


def embed(model, ids):
    return model.get_input_embeddings()(torch.tensor(ids, dtype=torch.long))
