"""The pack of a model: documents, exports, evidence and one page that leads through them, as a bank archives it."""
