"""From a network and what is wanted to pictures and poses: plain torch, without Lightning or the command."""
