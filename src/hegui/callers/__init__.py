"""Who asks: tenants, keys, subjects, audiences and standing."""
