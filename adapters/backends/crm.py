"""CRM, the owner of the customers."""

from adapters.backends.agreements import AGREEMENTS
from adapters.backends.answers import BackendAnswer, needed, one_of
from adapters.backends.http import Backend
from adapters.backends.operation import BackendOperation
from canonical.customers.reference import CustomerProfile, CustomerReference, CustomerStatus


class Customer(BackendAnswer):
    id = needed("id")
    name = needed("name")
    status = one_of(*CustomerStatus)


GET_CUSTOMER = BackendOperation("getCustomer", "GET", "/customers/{customerId}", Customer(), AGREEMENTS["getCustomer"])


class Profile(Customer):
    email = needed("email")


GET_PROFILE = BackendOperation("getCustomer", "GET", "/customers/{customerId}", Profile(), AGREEMENTS["getCustomer"])


class HttpCustomers:
    """Customers in CRM: either the fields that an order needs, or all fields."""

    def __init__(self, crm: Backend) -> None:
        self._crm = crm

    def customer(self, customer_id: str) -> CustomerReference:
        answer = self._crm.call(GET_CUSTOMER, {"customerId": customer_id})
        return CustomerReference(answer["id"], answer["name"], CustomerStatus(answer["status"]))

    def profile(self, customer_id: str) -> CustomerProfile:
        answer = self._crm.call(GET_PROFILE, {"customerId": customer_id})
        return CustomerProfile(answer["id"], answer["name"], answer["email"], CustomerStatus(answer["status"]))
