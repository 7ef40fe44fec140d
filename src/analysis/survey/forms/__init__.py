"""The forms that counties fill in: their columns and looks, and blank workbooks of a wave."""
