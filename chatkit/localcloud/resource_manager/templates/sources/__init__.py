"""Where the template and the parameters of a deployment come from: its request, or a link."""
