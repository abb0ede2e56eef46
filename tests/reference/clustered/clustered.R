# Robust and clustered covariance of a logistic regression, by the package sandwich.
# Run in this folder: Rscript clustered.R > session_info.txt
suppressPackageStartupMessages({ library(sandwich); library(lmtest) })
options(digits = 17)
rows <- read.csv("rows.csv")
tight <- glm.control(epsilon = 1e-14, maxit = 100)
out <- list()
add <- function(fit, name, v) {
  test <- coeftest(fit, vcov. = v)
  wald <- sum(coef(fit)[-1] * solve(v[-1, -1], coef(fit)[-1]))
  out[[length(out) + 1]] <<- data.frame(
    covariance = name, term = names(coef(fit)), coefficient = coef(fit), standard_error = sqrt(diag(v)),
    z = test[, 3], p_value = test[, 4], wald = wald, v12 = v[2, 3], row.names = NULL)
}
fit <- glm(y ~ x1 + x2, family = binomial, data = rows, control = tight)
add(fit, "nonrobust", vcov(fit))
add(fit, "hc0", vcovHC(fit, type = "HC0"))
add(fit, "hc1", vcovHC(fit, type = "HC1"))
add(fit, "cluster", vcovCL(fit, cluster = ~cluster, type = "HC1", cadjust = TRUE))
weighted <- suppressWarnings(glm(y ~ x1 + x2, family = binomial, data = rows, weights = w, control = tight))
add(weighted, "cluster, weighted", vcovCL(weighted, cluster = ~cluster, type = "HC1", cadjust = TRUE))
add(weighted, "hc1, weighted", vcovHC(weighted, type = "HC1"))
table <- do.call(rbind, out)
for (name in setdiff(names(table), c("covariance", "term"))) table[[name]] <- sprintf("%.17g", table[[name]])
write.csv(table, "expected.csv", row.names = FALSE, quote = c(1, 2))
cat("rows.csv: md5", tools::md5sum("rows.csv"), "\n")
print(sessionInfo())
