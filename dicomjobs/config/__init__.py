"""From YAML files to model values, with every mistake located."""
