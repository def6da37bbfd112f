"""CRM, the owner of the customers."""

from adapters.backends.answers import Answer, needed, one_of
from adapters.backends.http import Backend, Operation
from canonical.customers.reference import CustomerReference, CustomerStatus


class Customer(Answer):
    id = needed("id")
    name = needed("name")
    status = one_of(*CustomerStatus)


GET_CUSTOMER = Operation("getCustomer", "GET", "/customers/{customerId}", Customer())


class HttpCustomers:
    """Customers, read from CRM."""

    def __init__(self, crm: Backend) -> None:
        self._crm = crm

    def customer(self, customer_id: str) -> CustomerReference:
        answer = self._crm.call(GET_CUSTOMER, {"customerId": customer_id})
        return CustomerReference(answer["id"], answer["name"], CustomerStatus(answer["status"]))
