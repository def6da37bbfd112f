"""The registrations of listeners: one record that registration, storage and delivery share."""
