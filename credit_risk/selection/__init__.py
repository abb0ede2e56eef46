"""Selection of characteristics, each decision recorded."""
