# Censored bivariate probit by optim of R's base; the bivariate normal by integrate, row by row.
# Run in this folder: Rscript bivariate_probit.R > session_info.txt
options(digits = 17)
rows <- read.csv("rows.csv")
known <- !is.na(rows$bad)
z <- cbind(intercept = 1, x1 = rows$x1, lean = rows$lean)
x <- cbind(intercept = 1, x1 = rows$x1, x2 = rows$x2)[known, ]
q <- 2 * rows$bad[known] - 1
both <- function(h, k, r) mapply(function(h, k, r) {
  inner <- function(v) dnorm(v) * pnorm((k - r * v) / sqrt(1 - r^2))
  integrate(inner, max(h - 20, -12), h, rel.tol = 1e-12, subdivisions = 400L)$value
}, h, k, r)
likelihood <- function(theta, w) {
  rho <- tanh(theta[7])
  index <- drop(z %*% theta[1:3])
  side <- ifelse(rows$accepted == 1, 1, -1)
  single <- sum((w * pnorm(side * index, log.p = TRUE))[!known])
  single + sum(w[known] * log(both(index[known], q * drop(x %*% theta[4:6]), q * rho)))
}
out <- list()
for (case in c("plain", "weighted")) {
  w <- if (case == "weighted") rows$w else rep(1, nrow(rows))
  start <- c(coef(glm(accepted ~ x1 + lean, binomial("probit"), rows, weights = w)),
             coef(glm(bad ~ x1 + x2, binomial("probit"), rows, weights = w)), -0.2)
  control <- list(fnscale = -1, reltol = 1e-15, maxit = 500, ndeps = rep(1e-4, 7))
  best <- optim(start, likelihood, w = w, method = "BFGS", control = control)
  best <- optim(best$par, likelihood, w = w, method = "BFGS", control = control)
  error <- sqrt(diag(solve(-optimHess(best$par, likelihood, w = w, control = list(fnscale = -1, ndeps = rep(1e-3, 7))))))
  names <- c(paste0("decision.", colnames(z)), paste0("outcome.", colnames(x)), "atanh_rho")
  held <- function(rho) optim(best$par[1:6], function(b) likelihood(c(b, atanh(rho)), w), method = "BFGS",
    control = list(fnscale = -1, reltol = 1e-14, maxit = 500, ndeps = rep(1e-4, 6)))$value
  profile <- sapply(c(-0.9, 0, 0.5), held)
  out[[case]] <- data.frame(case = case, term = c(names, "log_likelihood", "profile.-0.9", "profile.0", "profile.0.5"),
    value = c(best$par, best$value, profile), standard_error = c(error, rep(NA, 4)))
}
table <- do.call(rbind, out)
for (name in c("value", "standard_error")) table[[name]] <- ifelse(is.na(table[[name]]), "", sprintf("%.12g", table[[name]]))
write.csv(table, "expected.csv", row.names = FALSE, quote = c(1, 2))
cat("rows.csv: md5", tools::md5sum("rows.csv"), "\n")
print(sessionInfo())
