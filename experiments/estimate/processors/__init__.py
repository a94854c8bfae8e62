"""The trainer measured on processors, configuration by configuration, and held against its prediction."""
