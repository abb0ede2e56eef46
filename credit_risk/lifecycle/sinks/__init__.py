"""Other systems that are told of a run of development, one way: MLflow and OpenLineage. Nothing is read from them."""
