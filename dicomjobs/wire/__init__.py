"""The network: one association at a time, from A-ASSOCIATE to release."""
