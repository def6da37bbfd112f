"""What spans contexts: steps with compensations, and the processes made of them."""
