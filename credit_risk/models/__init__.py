"""Models: the weight-of-evidence scorecard and the monotone gradient boosting. Each becomes steps of model.json."""
