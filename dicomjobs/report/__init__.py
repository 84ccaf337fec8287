"""Events folded into a report and rendered as text."""
