"""What a class has on Azure: a resource group a person."""
