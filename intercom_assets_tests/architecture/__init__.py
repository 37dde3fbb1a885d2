"""How the code is arranged: contracts that hold for every module."""
