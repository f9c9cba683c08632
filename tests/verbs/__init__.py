"""Every verb in every state, carried out for real beside what the plugin does there."""
