"""PDF from composed documents: the only place that touches reportlab."""
