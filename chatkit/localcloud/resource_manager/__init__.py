"""Local Azure Resource Manager and the resource providers the tutorial uses."""
