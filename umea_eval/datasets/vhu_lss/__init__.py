"""VHU i LSS: health examinations offered in LSS housing at 40, 50 and 60."""
