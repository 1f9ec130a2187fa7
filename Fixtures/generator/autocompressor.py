"""A tiny AutoCompressor and a LoRA adapter for it: compression, answering, and both kinds of training."""
import json
import shutil
import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

from . import tokenizer
from .common import embed, greedy, load_llama, until_suitable, write_json
from .llama import COMMON, initialised

SEGMENT, SUMMARY, WIDTH, EOS = 20, 3, 48, 2
OPTIMIZER = {"lr": 5e-3, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0, "clip_norm": 0.5}


def make(fixture):
    write_model(fixture)
    write_adapter(fixture)
    model = load_llama(fixture.folder)
    summary = load_file(fixture.folder / "model.safetensors")["embed_summary.weight"].float()
    vectors = record_compression(fixture, model, summary)
    record_answering(fixture, model, vectors)
    record_finetuning(fixture, vectors)
    record_compressor_training(fixture, summary)
    fixture.finish()


def write_model(fixture):
    """float16 safetensors; the summary embeddings are the EOS row with a little noise, as after some training."""
    config = dict(
        COMMON, vocab_size=tokenizer.SIZE, hidden_size=WIDTH, intermediate_size=80, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=512, rms_norm_eps=1e-5,
        rope_theta=10000.0, rope_scaling=None, tie_word_embeddings=False, torch_dtype="float16",
        architectures=["LlamaAutoCompressorModel"], summary_length=SUMMARY, accumulate_summary=True,
        segment_gradient_checkpointing=True)
    plain = {key: value for key, value in config.items() if not key.startswith(("summary", "accumulate", "segment"))}
    model = initialised(plain, torch.float16)
    state = {key: value.half() for key, value in model.state_dict().items()}
    eos = model.get_input_embeddings().weight[EOS].detach()
    state["embed_summary.weight"] = (eos.repeat(SUMMARY, 1) + 0.2 * torch.randn(SUMMARY, WIDTH)).half()
    write_json(fixture.folder / "config.json", config)
    save_file(state, fixture.folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer.save(tokenizer.train(), fixture.folder)


def write_adapter(fixture):
    """In PEFT's layout, by PEFT; B is not zero, so that A has a gradient."""
    adapted = get_peft_model(load_llama(fixture.folder), LoraConfig(
        r=4, lora_alpha=8, lora_dropout=0.0, bias="none", task_type="CAUSAL_LM",
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj"]))
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            parameter.data.normal_(0, 0.3 if "lora_A" in name else 0.1)
    target = fixture.folder / "adapter"
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        adapted.save_pretrained(folder)
        shutil.copy(Path(folder) / "adapter_model.safetensors", target)
        config = json.loads((Path(folder) / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = None  # else the path of the machine it was made on
    config["target_modules"] = sorted(config["target_modules"])
    write_json(target / "adapter_config.json", config)


def with_adapter(fixture):
    """(the model with its adapter, the LoRA parameters by their name in the base model)"""
    model = PeftModel.from_pretrained(load_llama(fixture.folder), fixture.folder / "adapter", is_trainable=True).eval()
    names = {name.replace("base_model.model.", "").replace(".default", ""): parameter
             for name, parameter in model.named_parameters() if parameter.requires_grad}
    return model, names


def states(model, embeddings):
    """After the final norm [T, D]."""
    base = model.get_base_model() if isinstance(model, PeftModel) else model
    return base.model(inputs_embeds=embeddings[None]).last_hidden_state[0]


def compress(model, summary, ids, carry):
    """Vectors of every segment, in order. `carry`: what of the vectors so far a segment sees."""
    vectors = torch.zeros(0, WIDTH)
    for start in range(0, len(ids), SEGMENT):
        hidden = states(model, torch.cat([carry(vectors), embed(model, ids[start:start + SEGMENT]), summary]))
        vectors = torch.cat([vectors, hidden[-SUMMARY:]])
    return vectors


@torch.no_grad()
def record_compression(fixture, model, summary):
    document = fixture.ids(3 * SEGMENT + 7, tokenizer.SIZE)
    fixture.values.update(segment_tokens=SEGMENT, summary_tokens=SUMMARY, eos=EOS, document=document)
    modes = {
        "accumulate": lambda vectors: vectors,
        "newest": lambda vectors: vectors[-SUMMARY:],  # accumulate_summary = false
        "independent": lambda vectors: vectors[:0],
    }
    for name, carry in modes.items():
        fixture.tensors["vectors." + name] = compress(model, summary, document, carry)
    adapted, _ = with_adapter(fixture)
    fixture.tensors["vectors.adapter"] = compress(adapted, summary, document, modes["accumulate"])
    return fixture.tensors["vectors.accumulate"].clone()


@torch.no_grad()
def record_answering(fixture, model, vectors):
    adapted, _ = with_adapter(fixture)
    models = {"question": model, "adapter.question": adapted}

    def prompt(question):
        return torch.cat([vectors, embed(model, question)])

    def answers():
        question = fixture.ids(9, tokenizer.SIZE)
        return [question] + [greedy(chosen, prompt(question), 12) for chosen in models.values()]
    question, *found = until_suitable(answers)
    fixture.values.update(question=question, answer=fixture.ids(5, tokenizer.SIZE))
    for (name, chosen), ids in zip(models.items(), found):
        fixture.values[name + "_greedy"] = ids
        fixture.tensors[name + "_logits"] = chosen(inputs_embeds=prompt(question)[None]).logits[0, len(vectors):]


def answer_losses(model, vectors, question, answer):
    """The cross-entropy of each token of [answer, eos] after [vectors, question]."""
    ids = question + answer + [EOS]
    logits = model(inputs_embeds=torch.cat([vectors, embed(model, ids)])[None]).logits[0]
    count = len(answer) + 1
    return F.cross_entropy(logits[-count - 1:-1], torch.tensor(ids[-count:]), reduction="none")


def record_finetuning(fixture, vectors):
    """Answer loss, every LoRA gradient, ten AdamW steps; and the loss of a batch of unlike lengths."""
    model, parameters = with_adapter(fixture)
    values, tensors = fixture.values, fixture.tensors
    question, answer = values["question"], values["answer"]

    examples = [(question, answer)] + [
        (fixture.ids(q, tokenizer.SIZE), fixture.ids(a, tokenizer.SIZE)) for q, a in ((4, 2), (13, 8))]
    with torch.no_grad():
        losses = [answer_losses(model, vectors, *example) for example in examples]
    values["batch"] = {
        "examples": [{"question": q, "answer": a, "loss": loss.mean().item()}
                     for (q, a), loss in zip(examples, losses)],
        "loss_mean_of_tokens": torch.cat(losses).mean().item(),
        "loss_mean_of_examples": torch.stack([loss.mean() for loss in losses]).mean().item()}

    loss = answer_losses(model, vectors, question, answer).mean()
    loss.backward()
    values["answer_loss"] = loss.item()
    for name, parameter in parameters.items():
        tensors["grad." + name] = parameter.grad.clone()

    optimizer = torch.optim.AdamW(
        parameters.values(), lr=OPTIMIZER["lr"], betas=tuple(OPTIMIZER["betas"]), eps=OPTIMIZER["eps"],
        weight_decay=OPTIMIZER["weight_decay"])
    losses, norms = [], []
    for _ in range(10):
        optimizer.zero_grad()
        loss = answer_losses(model, vectors, question, answer).mean()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), OPTIMIZER["clip_norm"]).item())
        optimizer.step()
        losses.append(loss.item())
    assert max(norms) > OPTIMIZER["clip_norm"] and losses[-1] < losses[0]
    values["adamw"] = dict(OPTIMIZER, losses=losses, gradient_norms=norms)
    for name, parameter in parameters.items():
        tensors["trained." + name] = parameter.detach().clone()


def record_compressor_training(fixture, summary):
    """One row in two substeps of two segments: embed_summary and the adapter learn, the prefix is detached in between.

    Within a substep the texts of its segments are one sequence: the last token of a segment predicts the first of the
    next. The last segment of a substep is summarised too, for the next one. The gradient is of the mean of both losses.
    """
    model, parameters = with_adapter(fixture)
    summary = summary.clone().requires_grad_()
    substeps = [[14, 17], [12, 19]]
    row = fixture.ids(sum(map(sum, substeps)), tokenizer.SIZE)
    prefix, start, losses = torch.zeros(0, WIDTH), 0, []
    for lengths in substeps:
        prefix, logits, first = prefix.detach(), [], start
        for length in lengths:
            hidden = states(model, torch.cat([prefix, embed(model, row[start:start + length]), summary]))
            logits.append(model.get_base_model().lm_head(hidden[len(prefix):len(prefix) + length]))
            prefix = torch.cat([prefix, hidden[-SUMMARY:]])
            start += length
        loss = F.cross_entropy(torch.cat(logits)[:-1], torch.tensor(row[first + 1:start]))
        (loss / len(substeps)).backward()
        losses.append(loss.item())
    fixture.values["training"] = {"row": row, "substeps": substeps, "losses": losses}
    fixture.tensors["training.grad.embed_summary.weight"] = summary.grad
    for name, parameter in parameters.items():
        fixture.tensors["training.grad." + name] = parameter.grad.clone()
