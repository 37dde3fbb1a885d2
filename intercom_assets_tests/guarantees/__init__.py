"""The promises, attacked: little in `make test`, much in `make torture`."""
