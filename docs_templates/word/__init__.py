"""Documents as DOCX, for people who edit: the same content, and the way of their texts back into the plan."""
