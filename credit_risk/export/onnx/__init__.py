"""A model as an ONNX graph in double arithmetic, for onnxruntime: from the model package alone."""
