"""The terminal screen: it receives one frozen Update a second and decides nothing."""
