"""What responders wrote down about the assets they recovered."""
