"""What every context shares: the error tree, money, external identifiers, time."""
