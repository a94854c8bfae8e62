"""What auditor and worker share: where bytes come from and go to, how rows become prompts, how evidence is written."""
