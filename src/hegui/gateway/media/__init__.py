"""Generated pictures and speech on their way out: asked for, judged, labelled, then released."""
