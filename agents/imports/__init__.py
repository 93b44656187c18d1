"""Files of other systems (orders, customers, consent, complaints, products) into events of the contract."""
