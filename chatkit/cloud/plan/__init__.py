"""What a tutorial on Azure will send, who may do it, what it costs and how long it takes."""
