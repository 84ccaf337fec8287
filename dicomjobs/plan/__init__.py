"""From jobs and an inventory to a plan, without touching disk or network."""
