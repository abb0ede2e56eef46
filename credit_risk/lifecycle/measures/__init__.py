"""Development where the outcome is an amount or a fraction: classing on means, linear models, evaluation."""
