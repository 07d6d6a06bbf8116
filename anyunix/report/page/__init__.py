"""index.html: what the template shows (Python modules) and what it is made of (template, CSS, JS)."""
