"""A model as a workbook with live formulas, for Excel and LibreOffice: from the model package alone."""
