"""Every function is in the blueprint."""

import azure.functions as func
from blueprint import part

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(part)
