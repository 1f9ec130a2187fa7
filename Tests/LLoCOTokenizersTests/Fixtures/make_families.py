"""Generates tokenizers and chats of current model families, with the output of the reference implementations.

python make_families.py [OUT_DIR] [--strings MORE_STRINGS.json] [--templates REAL_TEMPLATES_DIR]

Requires `tokenizers`, `sentencepiece` and `jinja2`. Writes one folder per tokenizer, `families.json` with ids and
decoded text, and `family-chats.json` with rendered conversations. The templates are minimal versions. With --templates,
their output is compared with that of the models' own templates (`NAME.jinja`, not in the repository), except for default
system messages. Without arguments, the fixtures are written to this folder.
"""

import argparse
import json
import pathlib

import jinja2.sandbox
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

PARSER = argparse.ArgumentParser()
PARSER.add_argument("out", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).parent)
PARSER.add_argument("--strings", type=pathlib.Path)
PARSER.add_argument("--templates", type=pathlib.Path)
ARGUMENTS = PARSER.parse_args()
OUT = ARGUMENTS.out

CORPUS = [
    "The miller's daughters weren't told that THE MILL'S WHEEL had been sold; they'd have said no, and so would I.",
    "In 1897 the river rose 12 feet, in 2013 it rose 1,250 centimetres; see page 77/78 or http://example.org/a/b.",
    "parseHTTPRequest(URLSession session) { return JSONDecoder().decodeIfPresent(McDonald.self) } // iPhone XMLs",
    "Die Müllerin fährt über die Brücke, ÉCOLE und École, Straße und STRASSE; мельница и МЕЛЬНИЦА у реки.",
    "水車小屋は川のそばにあります。물레방아는 강가에 있다. नदी के किनारे चक्की है। ตลาดน้ำ",
    "the  wheel   turns    and     turns\n\n\n\tand it turns again\n\n    until the river is dry",
] * 4

STRINGS = [
    "Hello world", "parseHTTPRequest McDonald iPhone XMLHttpRequest ABCdefGHI aB Ab AB ab", "  lead", "trail   ", "a  b   c",
    "don't DON'T Don'T we'll WE'LL I'M they'Re 'tis x's'ſ it'ſ IT'S'T rock'n'roll ''s", "1 12 123 1234 12345 1,000.50 x1y22z333",
    "½ ² Ⅷ ٣٤ १२३ 12½3", "a/b //c /\n/\r\n/ x/\n\n/y !/\n?", "\n", "\n\n\n\n", "\r\n\r\n x", " \n \n  y", "\t\t\tif x:\n\t\t\t\treturn\t",
    "tab\ttab \t mixed\t \n", "ends with spaces   ", "ends with lines\n\n", "cafe\u0301 e\u0301\u0302 \u0301x X\u0301Y x\u0301Y \u0301\u0302 !\u0301A",
    "ǅ ǈungla ǋ Ǆ", "ʰʷʲ aʰB Aʰb", "ªº 1ª", "ΑΒΓαβγ ςΣ", "İI ıi ßẞ", "МельницаМЕЛЬНИЦА мЕ",
    "東京2024年ABCあいうアイウdef", "漢字ABC漢字abc", "한국어ABC한국", "नमस्ते क्षि कि", "ตลาดน้ำABC", "مَرْحَبًا بِالعَالَم", "שָׁלוֹם",
    "👩‍👩‍👧‍👦🚀🏽🇩🇪☃️", "a👍b 👍 👍🏽!", "\u200bzero\u200dwidth\ufeff", "\u00a0nbsp\u3000wide\u2028line\u0085next\u202f", "\u0000\u0001\u001b[0m\u007f\ufffd",
    "$3.50 + 20% = <x> & y_z^2 ~ `a` | b\\c", "…—–“”‘’«»", "!!!??? ...---===", "_snake_case __init__ kebab-case", "a.b(c)\n\treturn 1;\n}\n",
    "x" * 60, "Xx" * 30, "ab \n" * 10, "<bos><eos> <unk> <|begin|>text<|end|>", "▁ ▁▁ ▁x", "", " ", "'", "\u2581", "\U0001d54f\U0001d7d8 \U00020bb7",
]
if ARGUMENTS.strings:
    STRINGS += json.loads(ARGUMENTS.strings.read_text())

UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
FIRST, REST = r"[^\r\n\p{L}\p{N}]?", r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TEKKEN = f"{FIRST}{UPPER}*{LOWER}+|{FIRST}{UPPER}+{LOWER}*|\\p{{N}}{REST}"
GPT4O = (
    f"{FIRST}{UPPER}*{LOWER}+{CONTRACTION}?|{FIRST}{UPPER}+{LOWER}*{CONTRACTION}?|\\p{{N}}{{1,3}}{REST}")
TIKTOKEN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+")


def byte_level(stages, size, **settings):
    tokenizer = Tokenizer(models.BPE(**settings))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(stages)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.add_special_tokens([AddedToken("<|begin|>", normalized=False), AddedToken("<|end|>", normalized=False)])
    return tokenizer


def split(pattern, behavior="isolated", invert=False):
    return [
        pre_tokenizers.Split(Regex(pattern), behavior, invert),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]


def gemma():
    """BPE over characters as in Gemma: space symbols, no dummy prefix space, byte fallback."""
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    names = ["<pad>", "<eos>", "<bos>", "<unk>", "\n\n", "▁▁"] + [f"<0x{byte:02X}>" for byte in range(256)]
    alphabet = sorted(c for c in set("".join(CORPUS).replace(" ", "▁")) if c not in "ตลาดน้ำ水車")
    trained.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=len(names) + len(alphabet) + 90, special_tokens=names, initial_alphabet=alphabet,
        limit_alphabet=len(alphabet), show_progress=False))
    model = json.loads(trained.to_str())["model"]
    merges = [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in model["merges"]]
    tokenizer = Tokenizer(models.BPE(model["vocab"], merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in names[:4]])
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t in names[4:6]])
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    return tokenizer


def tokenizers():
    digits = [
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    return {
        "tekken": byte_level(split(TEKKEN), 360, ignore_merges=True),
        "gpt-4o": byte_level(split(GPT4O, "removed", True), 360),
        "tiktoken": byte_level(split(TIKTOKEN), 340),
        "granite": byte_level(digits, 330),
        "gemma": gemma(),
    }


def families():
    result = {"strings": STRINGS, "parsed": {}, "asText": {}, "decoded": {}}
    for name, tokenizer in tokenizers().items():
        (OUT / name).mkdir(parents=True, exist_ok=True)
        file = OUT / name / "tokenizer.json"
        file.write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":")))
        tokenizer = Tokenizer.from_file(str(file))
        parsed = [tokenizer.encode(s, add_special_tokens=False).ids for s in STRINGS]
        decoded = [tokenizer.decode(ids) for ids in parsed]
        tokenizer.encode_special_tokens = True
        as_text = [tokenizer.encode(s, add_special_tokens=False).ids for s in STRINGS]
        result["parsed"][name] = parsed
        result["decoded"][name] = {str(i): d for i, d in enumerate(decoded) if d != STRINGS[i]}
        result["asText"][name] = {str(i): a for i, (a, p) in enumerate(zip(as_text, parsed)) if a != p}
    return result


ALTERNATE = (
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}")
SYSTEM = (
    "{% if messages[0].role == 'system' %}{% set system_message = messages[0]['content'] %}{% set turns = messages[1:] %}"
    "{% else %}{% set turns = messages %}{% endif %}")


def prompt(text):
    return "{% if add_generation_prompt %}{{ '" + text + "' }}{% endif %}"


def chatml(body="", answer="m.content", before=""):
    return (
        before + "{% for m in messages %}" + body + "{{ '<|im_start|>' + m.role + '\\n' + " + answer
        + " + '<|im_end|>\\n' }}{% endfor %}")


def mistral(opening, closing, answer, system):
    """`system`: the condition for writing a system message before a question."""
    return (
        SYSTEM + "{{ bos_token }}{% for m in turns %}" + ALTERNATE
        + "{% if m.role == 'user' %}{% if " + system + " and system_message is defined %}{{ '" + opening
        + "' + system_message + '\\n\\n' + m.content + '" + closing + "' }}{% else %}{{ '" + opening + "' + m.content + '"
        + closing + "' }}{% endif %}{% else %}{{ " + answer + " + eos_token }}{% endif %}{% endfor %}")


def gemma_chat(system):
    return (
        "{{ bos_token }}" + system + "{% for m in turns %}" + ALTERNATE
        + "{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\\n' + (prefix if loop.first else '') }}"
        + "{{ m['content'] | trim }}{{ '<end_of_turn>\\n' }}{% endfor %}" + prompt("<start_of_turn>model\\n"))


def granite_chat(system):
    return (
        system + "{% for m in turns %}{{ '<|start_of_role|>' + m.role + '<|end_of_role|>' + m.content + '<|end_of_text|>\\n' }}"
        "{% endfor %}" + prompt("<|start_of_role|>assistant<|end_of_role|>"))


MINISTRAL = (
    "{% set default_system_message = OTTO %}{{ bos_token }}" + SYSTEM
    + "{{ '[SYSTEM_PROMPT]' + (system_message if system_message is defined else default_system_message) + '[/SYSTEM_PROMPT]' }}"
    "{% for m in turns %}" + ALTERNATE + "{% if m.role == 'user' %}{{ '[INST]' + m.content + '[/INST]' }}"
    "{% else %}{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}")
# Python's escapes, which Jinja supports; a backslash before a line end removes it.
ESCAPED = (
    "You are \\x4ftto\\u00e9, \\\"of\\\n the\\\" mill\\55wheel\\\\.\\\n\\\nYou don\\'t \\grind\\t\\U0001f600.")
QWEN_SYSTEM = "You are Otto, made in a mill. You are a helpful assistant."
THINKING = (
    "{% set n = namespace(last=messages|length) %}{% for m in messages %}{% if m.role == 'user' %}{% set n.last = loop.index0 %}"
    "{% endif %}{% endfor %}")
QWEN3 = (
    THINKING + "{% for m in messages %}{% set content = m.content.split('</think>')[-1].lstrip('\\n') if '</think>' in m.content "
    "and m.role == 'assistant' else m.content %}{{ '<|im_start|>' + m.role + '\\n' }}{% if m.role == 'assistant' and loop.last "
    "and loop.index0 > n.last %}{{ '<think>\\n\\n</think>\\n\\n' + content.lstrip('\\n') }}{% else %}{{ content }}{% endif %}"
    "{{ '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
    "{% if enable_thinking is defined and enable_thinking is false %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}{% endif %}")
ASKED_TO_THINK = prompt("<|im_start|>assistant\\n<think>\\n")
QWEN3_THINKING = (
    THINKING + "{% for m in messages %}{% set content = m.content %}"
    "{% if m.role == 'assistant' and '</think>' in content %}"
    "{% set thoughts = content.split('</think>')[0].split('<think>')[-1] %}"
    "{% set content = content.split('</think>')[-1].lstrip('\\n') %}{% else %}{% set thoughts = '' %}{% endif %}"
    "{{ '<|im_start|>' + m.role }}{% if m.role == 'assistant' and loop.last and loop.index0 > n.last %}"
    "{{ '\\n<think>\\n' + thoughts.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}"
    "{% else %}{{ '\\n' + content }}{% endif %}{{ '<|im_end|>\\n' }}{% endfor %}" + ASKED_TO_THINK)
QWQ = (
    "{% for m in messages %}"
    "{% set content = m.content.split('</think>')[-1].lstrip('\\n') if m.role == 'assistant' else m.content %}"
    "{{ '<|im_start|>' + m.role + '\\n' + content + '<|im_end|>\\n' }}{% endfor %}" + ASKED_TO_THINK)
CHATML_THINKING = chatml() + """{% if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if tools %}
        {{- '<tools>' }}
    {%- elif enable_thinking is defined and not enable_thinking %}
        {{- '<think>' + '</think>' }}
    {%- else %}
        {{- '<think>\\n' }}
    {%- endif %}
{%- endif %}
"""
SMOLLM3 = """
{%- set mode = "/think" if enable_thinking else "/no_think" -%}
{%- set turns = messages -%}
{{- "<|im_start|>system\\n" -}}
{%- if messages[0].role == "system" -%}
{%- set given = messages[0].content -%}
{%- set turns = messages[1:] -%}
{%- if "/no_think" in given -%}{%- set mode = "/no_think" -%}{%- elif "/think" in given -%}{%- set mode = "/think" -%}{%- endif -%}
{%- set given = given.replace("/no_think", "").replace("/think", "").rstrip() -%}
{%- endif -%}
{%- set reasoning_mode = mode -%}
{{- "## Metadata\\n\\n" -}}
{{- "Knowledge Cutoff Date: June 2025\\n" -}}
TODAY{{- "Reasoning Mode: " + reasoning_mode + "\\n\\n" -}}
{{- "## Custom Instructions\\n\\n" -}}
{%- if given -%}
{{- given + "\\n\\n" -}}
{%- elif reasoning_mode == "/think" -%}
{{- "Think at length.\\n\\n" -}}
{%- else -%}
{{- "You are Otto.\\n\\n" -}}
{%- endif -%}
CLOSING{%- for m in turns -%}
{%- if m.role == "assistant" -%}
{{ "<|im_start|>assistant\\n" + ("" if reasoning_mode == "/think" else "<think>\\n\\n</think>\\n") + m.content.lstrip("\\n") + "<|im_end|>\\n" }}
{%- else -%}
{{ "<|im_start|>" + m.role + "\\n" + m.content + "<|im_end|>\\n" }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ "<|im_start|>assistant\\n" + ("" if reasoning_mode == "/think" else "<think>\\n\\n</think>\\n") }}
{%- endif -%}
"""
TODAY = '{%- set today = strftime_now("%d %B %Y") -%}\n{{- "Today Date: " ~ today ~ "\\n" -}}\n'
GRANITE3 = (
    "{% if messages[0].role == 'system' %}{% set system_message = messages[0].content %}{% set turns = messages[1:] %}"
    "{% else %}{% set turns = messages %}{% set system_message = \"Today's Date: \" + strftime_now('%B %d, %Y') + '.\\nYou are Otto.' %}"
    "{% if tools %}{% set system_message = system_message + ' With tools.' %}"
    "{% else %}{% set system_message = system_message + ' You help.' %}{% endif %}{% endif %}"
    "{{ '<|start_of_role|>system<|end_of_role|>' + system_message + '<|end_of_text|>\\n' }}")
GRANITE4 = (
    "{% set g4_default_system_message = 'You are Otto, and safe.' %}{% set turns = messages %}{% if messages[0].role != 'system' %}"
    "{{ '<|start_of_role|>system<|end_of_role|>' + g4_default_system_message + '<|end_of_text|>\\n' }}{% endif %}")
PHI_END = "{% if add_generation_prompt %}{{ 'PROMPT' }}{% else %}{{ eos_token }}{% endif %}"

# Name: the template, the BOS and the EOS text.
TEMPLATES = {
    "qwen2.5": (
        chatml(f"{{% if loop.first and m.role != 'system' %}}{{{{ '<|im_start|>system\\n{QWEN_SYSTEM}<|im_end|>\\n' }}}}{{% endif %}}")
        + prompt("<|im_start|>assistant\\n"), "", "<|im_end|>"),
    "chatml-escaped": (
        chatml("{% if loop.first and m.role != 'system' %}{{ '<|im_start|>system\\n" + ESCAPED + "<|im_end|>\\n' }}{% endif %}")
        + prompt("<|im_start|>assistant\\n"), "", "<|im_end|>"),
    "chatml-thinking": (CHATML_THINKING, "", "<|im_end|>"),
    "qwq": (QWQ, "", "<|im_end|>"),
    "qwen3-thinking": (QWEN3_THINKING, "", "<|im_end|>"),
    "qwen3": (QWEN3, "", "<|im_end|>"),
    "smollm3": (SMOLLM3.replace("CLOSING", "").replace("TODAY", TODAY), "", "<|im_end|>"),
    "smollm3-closed": (SMOLLM3.replace("CLOSING", '{{- "<|im_end|>\\n" -}}\n').replace("TODAY", ""), "", "<|im_end|>"),
    "llama3": (
        "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + m['content'] | trim "
        "+ '<|eot_id|>' }}{% endfor %}" + prompt("<|start_header_id|>assistant<|end_header_id|>\\n\\n"), "<|begin_of_text|>", ""),
    "llama3-thinking": (
        "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + m['content'] | trim "
        "+ '<|eot_id|>' }}{% endfor %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' + '<think>' "
        "if add_generation_prompt else '' }}", "<|begin_of_text|>", ""),
    "mistral-v0": (
        "{{ bos_token }}{% for m in messages %}" + ALTERNATE + "{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}"
        "{% else %}{{ m.content + eos_token }}{% endif %}{% endfor %}", "<s>", "</s>"),
    "mistral-v1": (mistral(" [INST] ", " [/INST]", "' ' + m.content", "loop.first"), "<s>", "</s>"),
    "mistral-v3": (mistral("[INST] ", "[/INST]", "' ' + m['content'] | trim", "loop.last"), "<s>", "</s>"),
    "mistral-tekken": (mistral("[INST]", "[/INST]", "m.content", "loop.last"), "<s>", "</s>"),
    "mistral-v7": (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' + m.content + '[/INST]' }}"
        "{% elif m.role == 'system' %}{{ '[SYSTEM_PROMPT] ' + m.content + '[/SYSTEM_PROMPT]' }}"
        "{% else %}{{ ' ' + m.content + eos_token }}{% endif %}{% endfor %}", "<s>", "</s>"),
    "ministral3": (
        MINISTRAL.replace("OTTO", "'You are Otto.\\nToday is ' + strftime_now('%Y-%m-%d') + '.'"), "<s>", "</s>"),
    "mistral-small": (MINISTRAL.replace("OTTO", '"' + ESCAPED + ' " + strftime_now("%Y")'), "<s>", "</s>"),
    "gemma2": (
        gemma_chat("{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
                   "{% set turns = messages %}{% set prefix = '' %}"), "<bos>", "<eos>"),
    "gemma3": (
        gemma_chat("{% if messages[0].role == 'system' %}{% set prefix = messages[0]['content'] + '\\n\\n' %}"
                   "{% set turns = messages[1:] %}{% else %}{% set prefix = '' %}{% set turns = messages %}{% endif %}"),
        "<bos>", "<eos>"),
    "phi3": (
        "{% for m in messages %}{% if m.role in ['system', 'user', 'assistant'] %}{{ '<|' + m.role + '|>\\n' + m.content "
        "+ '<|end|>\\n' }}{% endif %}{% endfor %}" + PHI_END.replace("PROMPT", "<|assistant|>\\n"), "", "<|endoftext|>"),
    "phi4": (
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '<|im_sep|>' + m.content + '<|im_end|>' }}{% endfor %}"
        + prompt("<|im_start|>assistant<|im_sep|>"), "", "<|im_end|>"),
    "phi4-mini": (
        "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content + '<|end|>' }}{% endfor %}"
        + PHI_END.replace("PROMPT", "<|assistant|>"), "", "<|endoftext|>"),
    "granite3.0": (granite_chat("{% set turns = messages %}"), "", "<|end_of_text|>"),
    "granite3.1": (granite_chat(GRANITE3), "", "<|end_of_text|>"),
    "granite4": (granite_chat(GRANITE4), "", "<|end_of_text|>"),
    "olmo2": (
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'assistant' %}{% if not loop.last %}{{ '<|assistant|>\\n' + m.content "
        "+ eos_token + '\\n' }}{% else %}{{ '<|assistant|>\\n' + m.content + eos_token }}{% endif %}{% elif m.role == 'user' %}"
        "{{ '<|user|>\\n' + m.content + '\\n' }}{% else %}{{ '<|system|>\\n' + m.content + '\\n' }}{% endif %}{% endfor %}"
        + prompt("<|assistant|>\\n"), "<|endoftext|>", "<|endoftext|>"),
    "zephyr": (
        "{% for m in messages %}\n{% if m.role == 'user' %}\n{{ '<|user|>\\n' + m.content + eos_token }}\n{% elif m.role == 'system' %}\n"
        "{{ '<|system|>\\n' + m.content + eos_token }}\n{% else %}\n{{ '<|assistant|>\\n' + m.content + eos_token }}\n{% endif %}\n"
        "{% endfor %}\n{% if add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}", "<s>", "</s>"),
}

CONVERSATIONS = [
    [("user", "Hello")],
    [("system", "Be kind."), ("user", " What is 2+2? \n")],
    [("user", "a"), ("assistant", "b "), ("user", "c <|im_end|>")],
    [("system", "s\n"), ("user", "a"), ("assistant", "b"), ("user", "c")],
    [("system", "s"), ("user", "a"), ("assistant", "\nb")],
    [("user", "a"), ("assistant", "<think>\nhm\n</think>\n\nb"), ("user", "c"), ("assistant", "d"), ("user", "e")],
    [("system", "Pray /think"), ("user", "a"), ("assistant", "b"), ("user", "c")],
    [("system", "/think"), ("user", "a")],
    [("user", "a"), ("user", "b")],
]


def render(template, messages, **variables):
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.filters["tojson"] = lambda value, **_: json.dumps(value)

    class Refused(Exception):
        pass

    def refuse(message):
        raise Refused(message)

    def date(form):
        for part, text in [("%d", "26"), ("%B", "July"), ("%b", "Jul"), ("%m", "07"), ("%Y", "2024")]:
            form = form.replace(part, text)
        return form

    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = date
    try:
        return environment.from_string(template).render(
            messages=[{"role": r, "content": c} for r, c in messages], enable_thinking=False, **variables)
    except (Refused, jinja2.exceptions.TemplateError):
        return None


def chats():
    cases = []
    for name, (template, bos, eos) in TEMPLATES.items():
        for index, conversation in enumerate(CONVERSATIONS):
            for wanted in [True, False]:
                variables = {"add_generation_prompt": wanted, "bos_token": bos, "eos_token": eos}
                text = render(template, conversation, **variables)
                real = ARGUMENTS.templates and ARGUMENTS.templates / f"{name}.jinja"
                if real and real.exists() and not any(default in str(text) for default in ["Otto", "Think at length"]):
                    assert render(real.read_text(), conversation, **variables) == text, (name, index, wanted)
                cases.append({"template": name, "conversation": index, "prompt": wanted, "text": text})
    return {
        "templates": {name: {"text": t, "bos": bos, "eos": eos} for name, (t, bos, eos) in TEMPLATES.items()},
        "conversations": [[{"role": r, "content": c} for r, c in conversation] for conversation in CONVERSATIONS],
        "cases": cases}


def write(name, value):
    (OUT / name).write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


OUT.mkdir(parents=True, exist_ok=True)
write("families.json", families())
write("family-chats.json", chats())
