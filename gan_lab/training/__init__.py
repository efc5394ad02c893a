"""What all papers need to be trained: steps that are counted, averaged over processes, resumed and saved."""
