"""The dissecting station, pure functions over texts: commands taken apart, addresses and secrets found."""
