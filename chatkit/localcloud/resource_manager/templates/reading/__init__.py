"""Reading what a deployment is given: its body with places, its template, its parameters."""
