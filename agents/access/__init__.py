"""People's access: the one way in, the one way out, who may, and who did.

Every door (files, gateway, webhooks, console, senders, command line) uses these and nothing else:

- ``admit`` turns what was told into the bytes of a topic: ids mapped, values normalised, the contract checked;
- ``contact_of`` gives a customer's name and addresses, masked unless a purpose asks for them in the open;
- ``authorise`` says whether an actor may do something;
- ``Audit`` writes down who saw or changed what, before it is answered.
"""

from agents.access.admission import Admitted, admit
from agents.access.audit import Audit, AuditLog
from agents.access.authority import CUSTOMER, PEOPLE, SYSTEM, Act, Actor, NotAllowed, authorise, staff
from agents.access.contact import ContactPurpose, ShownContact, contact_of
from agents.access.identity import AccessKeys, access_keys
from schemas.audit import AuditEntry

__all__ = [
    "CUSTOMER",
    "PEOPLE",
    "SYSTEM",
    "AccessKeys",
    "Act",
    "Actor",
    "Admitted",
    "Audit",
    "AuditEntry",
    "AuditLog",
    "ContactPurpose",
    "NotAllowed",
    "ShownContact",
    "access_keys",
    "admit",
    "authorise",
    "contact_of",
    "staff",
]
