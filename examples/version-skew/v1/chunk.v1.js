chunk of v1
