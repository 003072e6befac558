"""A model answered over HTTP: the messages, a small service and its client; nothing else.

What the model is and who measures is the workflows' business. Tensors travel as raw bytes behind a
header that says what they are; nothing that arrives is unpickled or evaluated.
"""
