import azure.functions as func

books = func.Blueprint()


@books.route(route="books/{id:int}", methods=["GET"])
def get_book(req: func.HttpRequest) -> str:
    return f"book {req.route_params['id']}"


@books.route(route="books/{title:alpha}", methods=["GET"])
def find_book(req: func.HttpRequest) -> str:
    return f"title {req.route_params['title']}"


@books.route(route="books", methods=["POST"])
def add_book(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.get_body(), status_code=201, mimetype="application/json")


@books.route(route="shelves/{shelf=new}/{*rest}", methods=["GET"])
def shelf(req: func.HttpRequest) -> str:
    return f"{req.route_params.get('shelf')}|{req.route_params.get('rest')}"


@books.route(route="pages/{number?}", methods=["GET"])
def page(req: func.HttpRequest) -> str:
    return f"page {req.route_params.get('number')}"
