"""Pictures of products: decided by their bytes, made anew, named after what came (docs/images.md).

`look` and `render` run in a process of their own (`child`), which `workshop` starts; neither knows Django.
"""
