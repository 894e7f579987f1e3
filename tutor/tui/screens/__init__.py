"""One screen per file; its looks stand beside it in a .tcss of the same name."""
