"""Official statistics and code lists that anybody may publish."""
