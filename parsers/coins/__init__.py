"""What wallets, exchanges and price lists export as CSV."""
